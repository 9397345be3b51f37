/**
 * The cluster: live members and the tables they share, over Hazelcast or, for outposts, through a
 * member.
 *
 * <p>Every record in a table is an envelope signed by its writer's key and verified by each reader:
 * Hazelcast itself carries no TLS, so nothing in it is trusted and nothing in it is secret. In an
 * owned table each key belongs to one node, which alone writes it and writes it again after a start
 * or a merge; records of nodes that are not live members are not shown. In a common table the
 * highest (counter, node id) wins, every member stores what it sees, and a deletion stays as a
 * tombstone for 7 days.
 *
 * <p>An outpost is outside of Hazelcast's network. A member to which the mesh leads, its home,
 * shows it the tables and publishes its records, signed by it as all others, over calls that node
 * assembly passes on ({@code outpost.proto}). It lives while a live member says that it is its
 * home.
 *
 * <p>A member of Hazelcast proves nothing by being one. It is known, and counts towards the quorum
 * of leases, once its record is verified; one that has another CA is named in the health.
 */
package dev.weft.cluster;
