package dev.weft.mesh.peer;

/** What this node's own connection to a peer is at the moment. */
enum DialState {
  /** There is no way to the node, or none yet. */
  IDLE,
  /** It is dialled when fewer others are. */
  QUEUED,
  DIALLING,
  UP,
  /** It is dialled again after a while. */
  WAITING
}
