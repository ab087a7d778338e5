//! The server as devices meet it: a real server in this process, on a free port, over real TLS, asked by the
//! real client. What a device does with an answer is tested elsewhere; here it is what the server takes in,
//! gives out and refuses.

mod backup;
mod county;
mod device;
mod enrolment;
mod hostile;
mod photos;
mod records;
mod wire;
