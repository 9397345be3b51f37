package dev.weft;

/** The program's entry point. */
public final class Weft {
  private Weft() {}

  public static void main(String[] args) {
    System.out.println("weft");
  }
}
