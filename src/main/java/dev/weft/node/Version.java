package dev.weft.node;

/** The version in the jar's manifest. */
public final class Version {
  private Version() {}

  /** {@code dev} where there is no jar, as in tests. */
  public static String current() {
    String version = Version.class.getPackage().getImplementationVersion();
    return version == null ? "dev" : version;
  }
}
