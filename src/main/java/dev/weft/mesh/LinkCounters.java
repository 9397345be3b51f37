package dev.weft.mesh;

/** What passed over a link. Its event loop counts, any thread may read. */
final class LinkCounters {
  private final Tally sentFrames = new Tally();
  private final Tally sentBytes = new Tally();
  private final Tally receivedFrames = new Tally();
  private final Tally receivedBytes = new Tally();
  private final Tally dropped = new Tally();

  void sent(int bytes) {
    sentFrames.add(1);
    sentBytes.add(bytes);
  }

  void received(int bytes) {
    receivedFrames.add(1);
    receivedBytes.add(bytes);
  }

  void dropped(long all) {
    dropped.add(all - dropped.get());
  }

  /** Adds what a link that has ended counted. */
  void add(LinkCounters ended) {
    sentFrames.add(ended.sentFrames.get());
    sentBytes.add(ended.sentBytes.get());
    receivedFrames.add(ended.receivedFrames.get());
    receivedBytes.add(ended.receivedBytes.get());
    dropped.add(ended.dropped.get());
  }

  Tally sentFrames() {
    return sentFrames;
  }

  Tally sentBytes() {
    return sentBytes;
  }

  Tally receivedFrames() {
    return receivedFrames;
  }

  Tally receivedBytes() {
    return receivedBytes;
  }

  Tally dropped() {
    return dropped;
  }
}
