package dev.weft.mesh.link;

/**
 * What a frame says of itself, at its end: the payload stands before it untouched. Fields are
 * written in the order of the getters, little-endian, each only if its bit is set in the control
 * byte, which is the frame's last. Read backwards. One object is reused for many frames.
 *
 * <pre>
 *   payload | destination 8 | source 8 | ping 8 | pong 8, queue time 8 | debug token 8 | control 1
 * </pre>
 */
public final class FrameLabel {
  /** The longest frame that every link carries, bytes. */
  public static final int MAX_FRAME = 1400;

  /** The longest label, bytes. */
  public static final int MAX_LABEL = 49;

  /** The longest payload that leaves room for every label, bytes. */
  public static final int MAX_PAYLOAD = MAX_FRAME - MAX_LABEL;
}
