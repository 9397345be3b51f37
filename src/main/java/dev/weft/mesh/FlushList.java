package dev.weft.mesh;

import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.List;

/**
 * The links of one event loop that have been given frames since they were flushed: they are flushed
 * together once what is at hand has been dealt with.
 */
final class FlushList {
  private final EventLoop loop;
  private final List<LinkRunner> links = new ArrayList<>();
  private final Runnable flush = this::flush;
  private boolean scheduled;

  FlushList(EventLoop loop) {
    this.loop = loop;
  }

  void add(LinkRunner link) {
    links.add(link);
    flushSoon();
  }

  /** Flushes at the end of the event loop's turn, if nobody does before. */
  void flushSoon() {
    if (!scheduled && !links.isEmpty()) {
      scheduled = true;
      loop.execute(flush);
    }
  }

  void flush() {
    scheduled = false;
    for (int i = 0; i < links.size(); i++) {
      links.get(i).flush();
    }
    links.clear();
  }
}
