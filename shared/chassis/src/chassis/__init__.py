"""The microservice chassis: plumbing that knows no study and no site."""
