package dev.weft.rpc;

/** The listener by which a call came in. */
public enum Listener {
  /** Plain on 127.0.0.1: a program of this host. */
  LOCAL("grpc.port"),
  /** {@code grpc.host}: a member of the mesh, identified by its certificate. */
  MEMBERS("grpc.port"),
  /** {@code grpc.meshnet}, plain: a foreign daemon, identified by its address alone. */
  MESHNET("grpc.meshnet"),
  /**
   * {@code grpc.external}: a node of another mesh, vouched for by a CA of {@code nsm.externals}.
   */
  EXTERNAL("grpc.external");

  private final String option;

  Listener(String option) {
    this.option = option;
  }

  /** The option that sets its port. */
  String option() {
    return option;
  }
}
