package dev.weft;

import dev.weft.cli.Main;

/** The program's entry point. */
public final class Weft {
  private Weft() {}

  public static void main(String[] args) {
    System.exit(Main.run(args));
  }
}
