"""A small OpenID Connect issuer for development: anyone on this machine gets any role."""
