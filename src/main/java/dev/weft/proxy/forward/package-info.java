/**
 * The forward proxy: an HTTP CONNECT of a client of this host becomes a pipe to the reverse proxy
 * of another node. It is no HTTP server: what follows a head is the client's, byte for byte.
 */
package dev.weft.proxy.forward;
