//! Resident identity numbers (GB 11643; handbook 10.1).
