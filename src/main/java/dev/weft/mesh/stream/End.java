package dev.weft.mesh.stream;

import dev.weft.mesh.proto.ObjectKind;

/** One end of a pair, whoever has it: a program, through a {@link MeshObject}, or a proxy. */
final class End {
  final ObjectKind kind;

  /** What is read here. It stays with this end for life. */
  final Flow in = new Flow();

  /** What is written here: what the other end reads, or its proxy does. */
  Flow out;

  /** The other end in this node. */
  End partner;

  /** Has this end and shuttles between it and a stream; null if a program has it. */
  Proxy holder;

  private End(ObjectKind kind) {
    this.kind = kind;
  }

  /** One end of a new pair; the other is its partner. */
  static End pair(ObjectKind kind) {
    End one = new End(kind);
    End other = new End(kind);
    one.partner = other;
    other.partner = one;
    one.out = other.in;
    other.out = one.in;
    return one;
  }

  /**
   * Nobody has this end any more.
   *
   * @param reason why; empty for no particular reason
   */
  void close(String reason) {
    out.close(reason);
    in.abandon();
  }
}
