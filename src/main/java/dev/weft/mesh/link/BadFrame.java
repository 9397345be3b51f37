package dev.weft.mesh.link;

/** Why a frame was dropped. A link may change frames, so the link itself lives on. */
public enum BadFrame {
  /** Without even a control byte. */
  EMPTY,
  /** Over {@link FrameLabel#MAX_FRAME} bytes. */
  TOO_LONG,
  /** Shorter than the label that its control byte announces. */
  SHORT,
  /** A bit in the control byte that has no meaning. */
  UNKNOWN_BIT,
  /** A control frame that names a destination: it would have to be routed. */
  CONTROL_DESTINATION,
  /** A message from a node to itself. */
  SAME_NODE,
  /** A source was left out before the other end introduced itself. */
  UNKNOWN_PEER,
  /** A control frame from another node than the one that introduced itself. */
  OTHER_SOURCE,
  /** A message before the introduction. */
  NOT_INTRODUCED,
  /** A message without a payload, not even its hop limit. */
  NO_PAYLOAD,
  /** A control frame whose payload does not parse. */
  CONTROL_PAYLOAD
}
