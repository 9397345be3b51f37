/** The reverse proxy: a pipe of another node becomes a connection to the server of this host. */
package dev.weft.proxy.reverse;
