fn main() {
    let args: Vec<u64> = std::env::args().skip(1).map(|a| a.parse().unwrap()).collect();
    for seed in args[0]..args[1] {
        let t = std::time::Instant::now();
        let r = pacta_sim::run(&pacta_sim::Options::of_seed(seed)).unwrap();
        println!(
            "seed {seed} n={} holds={} heights={} acts={:?} restarts={} virt={} rec={:?} wall={:?}",
            r.validators,
            r.holds,
            r.heights,
            r.acts,
            r.restarts,
            r.virtual_ms,
            r.recovered_in_ms,
            t.elapsed()
        );
        for p in r.properties.iter().filter(|p| !p.holds) {
            println!("   {} x{} {:?}", p.property, p.violations, p.listed.first());
        }
    }
}
