//! The OpenAPI document and the router say the same.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Method, Request};
use pacta_web::api;
use pacta_web::api::document::OPENAPI;
use serde_json::Value;

use crate::support::{World, read};

fn document() -> Value {
    serde_json::from_str(OPENAPI).expect("JSON")
}

/// Method and path of each documented operation.
fn documented() -> BTreeSet<(String, String)> {
    let document = document();
    let paths = document["paths"].as_object().expect("paths");
    let operations = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().expect("methods").keys();
        methods.map(move |method| (method.to_uppercase(), path.clone()))
    });
    operations.collect()
}

#[test]
fn every_route_is_documented_and_every_documented_route_exists() {
    let routes = api::routes();
    let routes = routes.list().iter();
    let served: BTreeSet<(String, String)> =
        routes.map(|(method, path)| (method.to_string(), (*path).to_owned())).collect();
    assert_eq!(served, documented(), "add to docs/api/openapi.json what is added to api::routes");
    let server = include_str!("../../src/server.rs");
    assert!(!server.contains("\"/api"), "routes of the API are added in api::routes, nowhere else");
}

#[tokio::test]
async fn the_document_is_served_and_its_addresses_answer() {
    let world = World::start().await;
    let (status, served) = world.json("/api/v1/openapi.json").await;
    assert_eq!((status, &served), (200, &document()));
    assert!(served["openapi"].as_str().is_some_and(|version| version.starts_with("3.1.")));
    for (method, path) in documented() {
        let path = path.replace("{id}", "0").replace("{slug}", "0").replace("{digest}", "0");
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let request = Request::builder().method(method).uri(path.replace("{height}", "0"));
        let answer = world.send(request.body(Body::empty()).expect("a request")).await;
        assert_ne!(answer.status(), 405, "{path}");
        if answer.status() == 404 {
            let (_, text) = read(answer).await;
            assert!(!text.contains("nothing is at this address"), "{path}");
        }
    }
}

#[test]
fn each_operation_has_a_name_of_its_own_and_says_what_can_go_wrong() {
    let document = document();
    let mut names = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let name = operation["operationId"].as_str().expect("a name");
            assert!(names.insert(name.to_owned()), "{name} names two operations");
            for status in ["200", "406", "503"] {
                let answer = &operation["responses"][status];
                assert!(answer.is_object(), "{method} {path} does not tell of {status}");
            }
        }
    }
}
