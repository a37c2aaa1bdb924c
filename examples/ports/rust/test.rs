//! The port held against two golden files: test NETWORK; every value within its tolerance, or status 1.
mod port;
mod worked_example { include!("worked_example.rs"); }
mod mini_batches { include!("mini_batches.rs"); }

fn main() {
    let is_worked = std::env::args().any(|each| each == "WORKED_EXAMPLE");
    let (golden, told): (&[_], _) = if is_worked {
        (&worked_example::GOLDEN, port::train(&port::WORKED_EXAMPLE, &worked_example::GOLDEN_BATCHES, 20))
    } else {
        (&mini_batches::GOLDEN, port::train(&port::MINI_BATCHES, &mini_batches::GOLDEN_BATCHES, 20))
    };
    for (name, value) in &told { println!("{name},{value:e}"); } // for neuronnet compare
    for (name, value, tolerance) in golden {
        if told.get(*name).is_some_and(|each| !((each - value).abs() <= *tolerance)) {
            eprintln!("{name}: {}, not {value}", told[*name]);
            std::process::exit(1);
        }
    }
}
