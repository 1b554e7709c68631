//! Pure. The size of an item as `DynamoDB` counts it.

use serde_json::Value;

/// Returns the bytes of an item in the service's JSON: its attribute names and values.
pub fn item_size(item: &Value) -> usize {
    item.as_object().into_iter().flatten().map(|(name, value)| name.len() + value_size(value)).sum()
}

fn value_size(value: &Value) -> usize {
    let Some((kind, content)) = value.as_object().and_then(|value| value.iter().next()) else { return 0 };
    let text = content.as_str().unwrap_or_default().len();
    match kind.as_str() {
        "S" => text,
        // Two digits per byte, and one byte for the sign and the scale.
        "N" => text.div_ceil(2) + 1,
        "B" => text / 4 * 3,
        // Three bytes for the collection and one for each element.
        "L" => 3 + content.as_array().into_iter().flatten().map(|value| 1 + value_size(value)).sum::<usize>(),
        "M" => 3 + item_size(content) + content.as_object().map_or(0, serde_json::Map::len),
        _ => 1,
    }
}
