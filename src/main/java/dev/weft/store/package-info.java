/**
 * Keeps what a node must remember across a restart: intents, topologies, counters.
 *
 * <p>Enters: small JSON texts under a table and a key, single or as one atomic list of changes.
 * Leaves: a future that succeeds once the change is on disk, so that a crash at any point loses
 * nothing acknowledged.
 *
 * <p>Kept in {@code <data>/weft.db}, SQLite in WAL mode with {@code synchronous=FULL}, by one
 * thread that owns the connection and commits waiting operations as a group. The node that runs
 * there locks {@code <data>/lock}. Only this room knows {@code java.sql}.
 */
package dev.weft.store;
