package dev.weft.dial;

/** Which listener a call came in by. */
public enum Door {
  /** Plain on 127.0.0.1: a program of this host. */
  LOCAL,
  /** {@code grpc.host}: a member of the mesh, proved by its certificate. */
  MEMBERS,
  /** {@code grpc.meshnet}, plain: a foreign daemon, known by its address alone. */
  MESHNET
}
