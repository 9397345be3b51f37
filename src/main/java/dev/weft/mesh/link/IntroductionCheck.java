package dev.weft.mesh.link;

import com.google.protobuf.ByteString;
import dev.weft.identity.NodeId;
import dev.weft.mesh.proto.Introduction;
import java.util.HexFormat;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/** Whether the other end is who it says, and speaks what this end does. */
final class IntroductionCheck {
  /** SHA-256, bytes. */
  static final int FINGERPRINT = 32;

  /** An IPv4 or IPv6 address and a port. */
  private static final Pattern SEEN_FROM = Pattern.compile("[0-9a-fA-F.:\\[\\]]{1,64}");

  private final int version;
  private final long self;
  private final OptionalLong expected;

  /**
   * @param expected who the other end must be, if that is known
   */
  IntroductionCheck(int version, long self, OptionalLong expected) {
    this.version = version;
    this.self = self;
    this.expected = expected;
  }

  /** Why the versions do not fit; null if they do. */
  String otherVersion(Introduction introduction, long source) {
    return introduction.getVersion() == version
        ? null
        : "node %s speaks link protocol version %s, this node version %d"
            .formatted(
                NodeId.text(source), Integer.toUnsignedString(introduction.getVersion()), version);
  }

  /**
   * Why the other end cannot be who it says; null if it can.
   *
   * @param source the source that its frame names
   */
  String otherNode(Introduction introduction, long source) {
    long node = introduction.getNode();
    if (node == self || source == self) {
      return "node %s is this node: a link to itself".formatted(NodeId.text(self));
    }
    if (node != source) {
      return "introduced as node %s in a frame from node %s"
          .formatted(NodeId.text(node), NodeId.text(source));
    }
    if (expected.isPresent() && node != expected.getAsLong()) {
      return "node: %s (expected: %s)"
          .formatted(NodeId.text(node), NodeId.text(expected.getAsLong()));
    }
    ByteString fingerprint = introduction.getFingerprint();
    return proves(fingerprint, node)
        ? null
        : "fingerprint of node %s: %s (expected: %d bytes that begin with its id)"
            .formatted(
                NodeId.text(node),
                HexFormat.of().formatHex(fingerprint.toByteArray()),
                FINGERPRINT);
  }

  /** Whether a key of this fingerprint is that node's. */
  static boolean proves(ByteString fingerprint, long node) {
    return fingerprint.size() == FINGERPRINT
        && fingerprint.asReadOnlyByteBuffer().getLong() == node;
  }

  /** The address that the other end sees this one at; empty if it says anything else. */
  static String seenFrom(Introduction introduction) {
    String seen = introduction.getSeenFrom();
    return SEEN_FROM.matcher(seen).matches() ? seen : "";
  }
}
