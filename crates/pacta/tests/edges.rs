//! Dependencies between the crates point one way, and only `node` and `sim` import the engine.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

/// What each crate may depend on among ours, and which crates of the engine, in normal builds.
fn allowed() -> BTreeMap<&'static str, (&'static [&'static str], Engine)> {
    BTreeMap::from([
        ("pacta-law", (&[][..], Engine::Nothing)),
        ("pacta-chain", (&["pacta-law"][..], Engine::Cryptography)),
        ("pacta-rules", (&[][..], Engine::Nothing)),
        ("pacta-files", (&["pacta-law"][..], Engine::Nothing)),
        ("pacta-node", (&["pacta-law", "pacta-chain", "pacta-files"][..], Engine::Everything)),
        ("pacta-index", (&["pacta-law", "pacta-chain"][..], Engine::Nothing)),
        (
            "pacta-web",
            (&["pacta-law", "pacta-chain", "pacta-files", "pacta-index"][..], Engine::Nothing),
        ),
        ("pacta-sim", (&["pacta-law", "pacta-chain", "pacta-node"][..], Engine::Everything)),
        (
            "pacta",
            (
                &[
                    "pacta-law",
                    "pacta-chain",
                    "pacta-files",
                    "pacta-node",
                    "pacta-rules",
                    "pacta-index",
                    "pacta-web",
                    "pacta-sim",
                ][..],
                Engine::Nothing,
            ),
        ),
    ])
}

/// How much of the engine a crate may import.
#[derive(Clone, Copy, PartialEq)]
enum Engine {
    /// Nothing of it.
    Nothing,
    /// What offline verification needs: codec and cryptography.
    Cryptography,
    /// All of it.
    Everything,
}

impl Engine {
    fn allows(self, dependency: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Cryptography => {
                ["commonware-codec", "commonware-cryptography"].contains(&dependency)
            }
            Self::Everything => true,
        }
    }
}

#[test]
fn dependencies_point_one_way_and_only_node_and_sim_import_the_engine() {
    let allowed = allowed();
    let packages = workspace_packages();
    let names: Vec<_> = packages.iter().map(|(name, _)| name.as_str()).collect();
    let expected: Vec<_> = allowed.keys().copied().collect();
    assert_eq!(names, expected, "a crate was added or removed: decide what it may depend on");

    for (name, dependencies) in &packages {
        let (ours, engine) = allowed[name.as_str()];
        for dependency in dependencies {
            if expected.contains(&dependency.as_str()) {
                assert!(ours.contains(&dependency.as_str()), "{name} must not use {dependency}");
            }
            if dependency.starts_with("commonware-") {
                assert!(engine.allows(dependency), "{name} must not import {dependency}");
            }
        }
    }
}

/// The workspace's packages with the names of their normal dependencies, sorted by name.
fn workspace_packages() -> Vec<(String, Vec<String>)> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs, since it runs this test");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let text = |value: &Value| value.as_str().expect("a name is a string").to_owned();
    let mut packages: Vec<_> = metadata["packages"]
        .as_array()
        .expect("cargo lists packages")
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().expect("a list");
            let normal = dependencies.iter().filter(|dependency| dependency["kind"].is_null());
            (text(&package["name"]), normal.map(|dependency| text(&dependency["name"])).collect())
        })
        .collect();
    packages.sort();
    packages
}
