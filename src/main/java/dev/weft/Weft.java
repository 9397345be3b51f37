package dev.weft;

import dev.weft.cli.Main;

/** The program's entry point. */
public final class Weft {
  private Weft() {}

  public static void main(String[] args) {
    // Read by static initialisers, so before any class of theirs: Hazelcast's first words go to our
    // log, and frames are encoded into pooled buffers, whose pool grows by 1 MiB (8 KiB << 7).
    System.setProperty("hazelcast.logging.type", "slf4j");
    System.setProperty("io.netty.allocator.type", "pooled");
    System.setProperty("io.netty.allocator.maxOrder", "7");
    System.exit(Main.run(args));
  }
}
