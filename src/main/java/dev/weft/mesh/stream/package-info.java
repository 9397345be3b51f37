/**
 * Proxied objects: channels, sockets and event pairs whose two ends are on different nodes, each
 * over a stream of a connection between them, and the transfer of an end to a third node.
 */
package dev.weft.mesh.stream;
