package dev.weft.mesh.stream;

import dev.weft.mesh.proto.ObjectRef;

/** An end that has been given away, as the other node is told of it. */
interface Departure {
  /** What that node is told. */
  ObjectRef ref();

  /** Whether that node has been seen to have taken it, or it does not matter any more. */
  boolean arrived();

  /** That node will never be told. */
  void lost();

  /** That node may never be told. */
  void doubt();
}
