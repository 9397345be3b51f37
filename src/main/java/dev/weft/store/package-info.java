/**
 * What a node must remember across a restart: intents, topologies, counters.
 *
 * <p>In: small JSON texts under a table and a key, single or as one atomic list of changes. Out: a
 * future that succeeds once the change is on disk, so that a crash at any point loses nothing
 * acknowledged.
 *
 * <p>Kept in {@code <data>/weft.db}, SQLite in WAL mode with {@code synchronous=FULL}, by one
 * thread that owns the connection and commits what is waiting as a group. {@code <data>/lock} is
 * held by the node that runs there. Only this room knows {@code java.sql}.
 */
package dev.weft.store;
