/**
 * How bytes get from the forward proxy of one node to the reverse proxy of another: what a
 * transport has to be able to do, and what both proxies say over any of them.
 *
 * <p>On a pipe between the two proxies, each direction is a row of frames: kind (1 byte), length of
 * what follows (3 bytes, big-endian), and that.
 *
 * <pre>
 * 1 READY     the reverse proxy has connected its server; its first frame
 * 2 REFUSED   it has not: a gRPC status (1 byte) and why, as text; its only frame
 * 3 DATA      bytes
 * 4 END       this direction has ended, as the socket's has
 * 5 BROKEN    bytes are missing: why, as text; the last frame
 * </pre>
 *
 * <p>The pipe's own directions end after END, REFUSED and BROKEN, and after nothing else: an end
 * without them is a loss.
 */
package dev.weft.proxy.carrier;
