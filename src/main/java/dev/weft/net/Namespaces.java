package dev.weft.net;

import java.io.IOException;

/** Which namespace is behind a reference. */
public interface Namespaces {
  /**
   * A number that differs if the namespace behind the reference is another one.
   *
   * @throws IOException with a sentence that names the value and what was expected
   */
  long identity(String netns) throws IOException;

  /**
   * Changes when the namespace may have been replaced; cheap enough to be asked every second for
   * every pod.
   *
   * @throws IOException if there is nothing there
   */
  Object hint(String netns) throws IOException;
}
