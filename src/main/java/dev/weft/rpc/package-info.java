/**
 * gRPC, as client and server, which knows neither nodes nor ways to them: listeners, unary methods
 * and their dispatch, framing, raw bodies, health and reflection, Unix sockets. On the wire it is
 * gRPC over HTTP/2 (PROTOCOL-HTTP2.md): before each message a flag byte and a 4-byte length,
 * big-endian.
 */
package dev.weft.rpc;
