package dev.weft.nsm.connection;

import dev.weft.linux.LinuxException;
import dev.weft.net.Namespaces;
import java.io.IOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which namespaces references mean now. The kernel gives the inode number of a namespace that died
 * to a later one, so that a namespace is known by its cookie; to read the cookie is to enter the
 * namespace, which is not done again while the file behind the reference is the same. All calls
 * block; any thread may call.
 */
public final class NamespaceIdentities {
  private final Map<String, Seen> seen = new ConcurrentHashMap<>();

  /**
   * @param hint what the reference meant when the identity was read
   */
  private record Seen(Object hint, long identity) {}

  /**
   * By reference the cookie of the namespace; 0 where there is none.
   *
   * @throws IOException if this process cannot know, for want of descriptors or memory
   */
  public Map<String, Long> of(Collection<String> refs) throws IOException {
    seen.keySet().retainAll(refs);
    Map<String, Long> identities = new HashMap<>();
    for (String ref : refs) {
      identities.put(ref, of(ref));
    }
    return identities;
  }

  private long of(String ref) throws IOException {
    try {
      Object hint = Namespaces.hint(ref);
      Seen last = seen.get(ref);
      if (last == null || !last.hint().equals(hint)) {
        last = new Seen(hint, Namespaces.identity(ref));
        seen.put(ref, last);
      }
      return last.identity();
    } catch (IOException gone) {
      if (gone instanceof LinuxException e && e.isShortage()) {
        throw e;
      }
      seen.remove(ref);
      return 0;
    }
  }
}
