package dev.weft.rpc;

/** Which listener a call came in by. */
public enum Listener {
  /** Plain on 127.0.0.1: a program of this host. */
  LOCAL,
  /** {@code grpc.host}: a member of the mesh, proved by its certificate. */
  MEMBERS,
  /** {@code grpc.meshnet}, plain: a foreign daemon, known by its address alone. */
  MESHNET,
  /** {@code grpc.external}: a node of another mesh, proved by a CA of {@code nsm.externals}. */
  EXTERNAL
}
