package dev.weft.net;

import dev.weft.linux.LinuxException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The open namespaces that waiting changes share. Only the link thread uses and closes them. */
public final class OpenNamespaces {
  /** Under endless changes a deleted namespace ends after this time at the latest. */
  private static final long MAX_OPEN_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final int MAX_OPEN = 64;

  private final Map<String, OpenNetns> open = new HashMap<>();
  private long openSince;
  private OpenNetns host;

  OpenNamespaces() {}

  /** The namespace that this process runs in. */
  public OpenNetns host() throws LinuxException {
    if (host == null) {
      host = OpenNetns.current();
    }
    return host;
  }

  /**
   * The namespace that a reference meant before.
   *
   * @throws dev.weft.bus.WeftException PRECONDITION if the reference means another one by now
   */
  public OpenNetns at(String ref, long identity) throws LinuxException {
    OpenNetns there = open.get(ref);
    if (there != null && there.identity() == identity) {
      return there;
    }
    if (open.isEmpty()) {
      openSince = System.nanoTime();
    }
    OpenNetns opened = OpenNetns.open(ref, identity);
    if (there != null) {
      there.close();
    }
    open.put(ref, opened);
    return opened;
  }

  boolean areMany() {
    return open.size() >= MAX_OPEN || System.nanoTime() - openSince > MAX_OPEN_NANOS;
  }

  /** Closes all but the host's, which lives as long as this process does. */
  void release() {
    open.values().forEach(OpenNetns::close);
    open.clear();
  }

  void close() {
    release();
    if (host != null) {
      host.close();
    }
  }
}
