/**
 * One link: how frames are labelled, introduced, acknowledged and timed between its two ends.
 *
 * <p>Enters and leaves: frames of at most 1400 bytes, a payload with its {@link
 * dev.weft.mesh.link.FrameLabel} behind it, over a {@link dev.weft.mesh.link.Transport}.
 */
package dev.weft.mesh.link;
