
use pacta_law::treaty::{ConsentKind, SignatureKind};
#[tokio::test]
async fn look() {
    let world = crate::support::World::start().await;
    crate::treaty::conclude(&world, "Convention on Transit by Road and Rail").await;
    let l = tokio::net::TcpListener::bind("127.0.0.1:8099").await.unwrap();
    let r = world.router.clone();
    tokio::spawn(async move { axum::serve(l, r).await });
    use crate::treaty::*;
    world.act(1, sign(SignatureKind::Simple)).await;
    world.act(1, deposit(ConsentKind::Acceptance)).await;
    world.act(3, sign(SignatureKind::Simple)).await;
    for i in 0..400u32 {
        tokio::time::sleep(std::time::Duration::from_millis(1000)).await;
        if std::path::Path::new("/tmp/look-stop").exists() { return }
        if std::path::Path::new("/tmp/look-go").exists() {
            std::fs::remove_file("/tmp/look-go").unwrap();
            world.act(2, sign(SignatureKind::Definitive)).await;
            world.act(0, sign(SignatureKind::Simple)).await;
            world.act(0, deposit(ConsentKind::Ratification)).await;
            world.pass_days(2).await;
            world.act(2, withdraw()).await;
            world.pass_days(2).await;
        } else if i % 5 == 4 { world.pass_days(0).await; }
    }
}
