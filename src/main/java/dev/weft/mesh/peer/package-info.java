/**
 * Peers: a QUIC connection to each node that can be reached, end to end through however many links;
 * what nodes export; and the streams that proxied objects use.
 */
package dev.weft.mesh.peer;
