//! tmp
use tests::simulation::{check, known::known, plan::Plan};
fn main() {
    let args: Vec<u64> = std::env::args().skip(1).map(|a| a.parse().unwrap()).collect();
    let k = &known()[args[0] as usize];
    for seed in args[1]..args[1] + args[2] {
        let t = std::time::Instant::now();
        let r = check(&Plan { seed, ..k.plan.clone() }).unwrap();
        println!("seed {seed} {:?} has {:?}: {} in {:.1} s", r.violations.iter().map(|v| v.kind).collect::<Vec<_>>(), k.kind, r.has(k.kind), t.elapsed().as_secs_f64());
        if args.len() > 3 { println!("{r}"); }
    }
}
