/**
 * Which link leads to which node. Pure: no clock, no thread, no transport.
 *
 * <p>Enters: links with their round-trip times, and what the other end of each announces. Leaves:
 * the forwarding table, and what to announce over each link.
 */
package dev.weft.mesh.route;
