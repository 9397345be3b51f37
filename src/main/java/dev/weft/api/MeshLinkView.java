package dev.weft.api;

import dev.weft.mesh.MeshLink;
import java.time.Instant;

/**
 * A link as the API shows it: {@link MeshLink} with the node that has it.
 *
 * @param node that has this end
 * @param peer the node at the other end; null until it has introduced itself
 * @param proof null while it is not known
 * @param seenFrom null before the other end has told it, and where there are no addresses
 * @param reason null while it is up
 * @param rttMicros null until it is measured
 */
record MeshLinkView(
    String node,
    String id,
    String kind,
    String peer,
    String remote,
    String origin,
    String proof,
    String seenFrom,
    String state,
    String reason,
    Long rttMicros,
    Frames sent,
    Frames received,
    long dropped,
    Instant since) {

  /** Frames of one direction since the link was made. */
  record Frames(long frames, long bytes) {}

  static MeshLinkView of(String node, MeshLink link) {
    return new MeshLinkView(
        node,
        link.id(),
        link.kind(),
        orNull(link.node()),
        link.remote(),
        link.origin(),
        orNull(link.proof()),
        orNull(link.seenFrom()),
        link.state(),
        orNull(link.reason()),
        link.rttMicros(),
        new Frames(link.sentFrames(), link.sentBytes()),
        new Frames(link.receivedFrames(), link.receivedBytes()),
        link.dropped(),
        Instant.ofEpochMilli(link.since()));
  }

  private static String orNull(String text) {
    return text.isEmpty() ? null : text;
  }
}
