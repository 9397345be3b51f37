/**
 * One link: how frames are labelled, introduced, acknowledged and timed between its two ends.
 *
 * <p>Enters and leaves: frames of at most 1400 bytes, a payload with its {@link
 * dev.weft.mesh.link.FrameLabel} behind it, over a {@link dev.weft.mesh.link.Transport}. There are
 * two sorts:
 *
 * <pre>
 *   message   hop limit 1 | what is carried, at most 1350    from any node to any node
 *   control   LinkControlFrame of mesh.proto, or nothing     between the ends of the link only
 * </pre>
 *
 * A frame of either sort may carry a ping or the answer to one. {@link
 * dev.weft.mesh.link.LinkProtocol} is one end; {@code ControlProtocol} introduces the ends and
 * announces routes, {@code Pings} measures and watches the link.
 */
package dev.weft.mesh.link;
