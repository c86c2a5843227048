"""The admin's sessions on one server: inspect, apply, lock, retry, verify."""
