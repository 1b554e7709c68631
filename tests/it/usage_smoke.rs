use tests::TestBundle;
#[tokio::test]
async fn smoke() {
    let bundle = TestBundle::start().await;
    bundle.put_exists(tests::exists(7)).await;
    bundle.put_launch(tests::launch(7)).await;
    for path in [
        "/db/usage/launches/",
        "/db/usage/nova/exists?instance=72e4d8e8-9f63-47cb-a904-000000000001",
        "/db/usage/exists/7",
        "/db/usage/exists/8",
        "/nope",
        "/db/stats/nova/exists",
    ] {
        println!("{:?}", bundle.get(path).await);
    }
    println!("{:?}", bundle.send(http::Method::POST, "/db/usage/launches", "").await);
    println!("{:?}", bundle.send(http::Method::HEAD, "/db/usage/launches", "").await);
    println!("{:?}", bundle.send(http::Method::GET, "/db/repair", "").await);
    println!("{:?}", bundle.send(http::Method::GET, "/db/confirm/usage/exists/batch", "").await);
    println!(
        "{:?}",
        bundle.send(http::Method::POST, "/db/confirm/usage/exists/batch", r#"{"messages":{"m7":200}}"#).await
    );
    println!("{:?}", bundle.send(http::Method::POST, "/db/repair", "message_ids=m7&message_ids=x").await);
    println!("{:?}", bundle.get("/db/usage/exists/7").await);
    println!("{:?}", bundle.get("/db/stats/events").await);
    println!("{:?}", bundle.send(http::Method::POST, "/db/reconcile/nova", r#"{"instance":"72e4d8e8-9f63-47cb-a904-000000000001","launched_at":"2014-01-17 15:35:44","source":"x"}"#).await);
}
