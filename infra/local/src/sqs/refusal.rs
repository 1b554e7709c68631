//! Pure. Why a request is refused, in the two spellings that clients know it by.

/// One refusal, as the JSON protocol and the older query protocol name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Name in the JSON protocol: `__type` of the body.
    pub name: &'static str,
    /// Code in the query protocol: header `x-amzn-query-error`, and the code of a failed batch entry.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// Whose fault it is.
    pub fault: Fault,
}

/// Whose fault a refusal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The request is wrong: status 400.
    Sender,
    /// The service is: status 500, and clients try again.
    Receiver,
}

impl Refusal {
    /// The request is wrong, under names that both protocols share up to a prefix.
    pub fn sender(name: &'static str, code: &'static str, message: impl Into<String>) -> Self {
        Self { name, code, message: message.into(), fault: Fault::Sender }
    }

    /// A parameter has a value that is not allowed.
    pub fn value(message: impl Into<String>) -> Self {
        let message = format!("{} Reason: {}", "One or more parameters are invalid.", message.into());
        Self::sender("InvalidParameterValueException", "InvalidParameterValue", message)
    }

    /// A parameter is not there.
    pub fn missing(parameter: &str) -> Self {
        let message = format!("The request must contain the parameter {parameter}.");
        Self::sender("MissingRequiredParameterException", "MissingParameter", message)
    }

    /// A queue attribute has a value that is not allowed.
    pub fn attribute(name: &str) -> Self {
        let message = format!("Invalid value for the parameter {name}.");
        Self::sender("InvalidAttributeValue", "InvalidAttributeValue", message)
    }

    /// There is no such queue.
    pub fn no_queue() -> Self {
        let message = "The specified queue does not exist.";
        Self::sender("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", message)
    }

    /// No receive call ever gave this handle.
    pub fn handle(handle: &str) -> Self {
        let message = format!("The input receipt handle \"{handle}\" is not a valid receipt handle.");
        Self::sender("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", message)
    }

    /// Header `x-amzn-query-error`.
    pub fn query_error(&self) -> String {
        let fault = match self.fault {
            Fault::Sender => "Sender",
            Fault::Receiver => "Receiver",
        };
        format!("{};{fault}", self.code)
    }
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        let message = format!("The queue store failed: {error}");
        Self { name: "InternalFailure", code: "InternalFailure", message, fault: Fault::Receiver }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_clients_read_code_and_fault_from_one_header() {
        assert_eq!(Refusal::no_queue().query_error(), "AWS.SimpleQueueService.NonExistentQueue;Sender");
        assert_eq!(Refusal::from(rusqlite::Error::InvalidQuery).query_error(), "InternalFailure;Receiver");
    }
}
