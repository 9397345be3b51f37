/**
 * What a network card would do with frames that a kernel left unfinished, in plain arithmetic.
 *
 * <p>Enters: an Ethernet frame with its vnet header ({@link dev.weft.linux.VnetHeader}). Leaves:
 * complete frames, each no longer than the sender's MTU allows: checksums in place, super-frames of
 * TCP and UDP cut into segments, for whoever takes no vnet headers. And the other way round: one
 * super-frame for datagrams that a kernel did not put together.
 */
package dev.weft.wire.path.offload;
