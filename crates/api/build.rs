//! Builds the crate anew when the dashboard was built anew.

fn main() {
    println!("cargo:rerun-if-changed=../../web/dist");
}
