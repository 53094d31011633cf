// Makes the replica set, and one user a service that opens its own database and no other. Safe to repeat.
try {
  rs.status();
} catch (error) {
  rs.initiate({ _id: "rs0", members: [{ _id: 0, host: "mongodb:27017" }] });
}
while (!db.hello().isWritablePrimary) sleep(200);
for (const service of ["sites", "monitoring", "regulatory", "reporting"]) {
  const own = db.getSiblingDB(`studyline_${service}`);
  if (own.getUser(service) === null) {
    own.createUser({ user: service, pwd: process.env.SERVICE_PASSWORD, roles: [{ role: "readWrite", db: own.getName() }] });
  }
}
