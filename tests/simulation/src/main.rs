//! Plays seeds of the simulation: `--seeds N` many of them, `--seed N` one with its figures.

use clap::Parser;
use frontdesk_simulation::{Figures, Simulation};
use std::process::ExitCode;

/// Plays the whole desk in simulation, seed by seed.
#[derive(Debug, Parser)]
struct Flags {
    /// How many seeds to play.
    #[arg(long, default_value_t = 20)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Play this one alone.
    #[arg(long)]
    seed: Option<u64>,
}

fn main() -> ExitCode {
    let flags = Flags::parse();
    let simulation = match Simulation::new() {
        Ok(simulation) => simulation,
        Err(problem) => {
            eprintln!("{problem}");
            return ExitCode::FAILURE;
        }
    };
    let seeds = match flags.seed {
        Some(seed) => seed..seed + 1,
        None => flags.from..flags.from + flags.seeds,
    };
    let (mut all, mut played, mut failed) = (Figures::new(), 0_u64, 0_u64);
    for seed in seeds {
        played += 1;
        match simulation.run(seed) {
            Ok(figures) => {
                for (what, count) in figures {
                    *all.entry(what).or_default() += count;
                }
            }
            Err(failure) => {
                failed += 1;
                println!("{failure}\n");
            }
        }
        if played.is_multiple_of(100) {
            eprintln!("{played} seeds, {failed} failed");
        }
    }
    for (what, count) in all {
        println!("{count:>12}  {what}");
    }
    println!("{played} seeds played, {failed} failed");
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
