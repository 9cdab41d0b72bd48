//! Detection of EKS, against a cluster API on loopback that speaks TLS.
