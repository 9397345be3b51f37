package dev.weft.cluster;

import java.time.Instant;

/**
 * A node that was a member and is not live now.
 *
 * @param member as it described itself last
 * @param since when it left, Unix seconds; when this node last knew it to be live, if it left while
 *     this node was down
 */
public record AwayMember(Member member, long since) {
  /** Whom one cannot reach and since when, in words. */
  public String text() {
    return "node "
        + member.name()
        + " has been away since "
        + Instant.ofEpochSecond(since).toString().replace('T', ' ');
  }
}
