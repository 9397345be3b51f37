package dev.weft.nsm.connection;

import dev.weft.bus.Fault;
import dev.weft.linux.Netns;
import dev.weft.pod.Pod;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Network namespaces as programs name them: a path, a name under /run/netns, an inode number. */
public final class NamespaceReferences {
  private static final Pattern LINK = Pattern.compile("net:\\[(\\d+)]");
  private static final Pattern INODE = Pattern.compile("[1-9]\\d{8,18}");

  /** proc(5): the process, or the thread, that looks. */
  private static final Pattern SELF =
      Pattern.compile("/+(?:\\./+)*proc/+(?:\\./+)*(?:self|thread-self)(/.*)");

  /** The device of the one file system that all namespaces are files of. */
  private static final Object NSFS = deviceOf(Path.of("/proc/self/ns/net"));

  private NamespaceReferences() {}

  private static Object deviceOf(Path file) {
    try {
      return Files.getAttribute(file, "unix:dev");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * A reference that {@link Netns#open} takes.
   *
   * @param pid who names it; an inode may be that of its process
   * @param pods those of this node; an inode may be that of one of them
   */
  public static String ref(String named, int pid, List<Pod> pods) throws IOException {
    if (!INODE.matcher(named).matches()) {
      return ofCaller(named, pid);
    }
    long inode = Long.parseLong(named);
    for (Pod pod : pods) {
      if (inodeIfThere(pod.netns()) == inode) {
        return pod.netns();
      }
    }
    for (String name : Netns.list()) {
      if (inodeIfThere(name) == inode) {
        return name;
      }
    }
    if (pid != 0 && inodeOfProcess(pid) == inode) {
      return "pid:" + pid;
    }
    throw Fault.invalid(
        "linux_namespace", named, "the inode of a pod's, or one under /run/netns, or your own");
  }

  /** What a program calls its own is its own, not this process's. */
  private static String ofCaller(String named, int pid) {
    Matcher self = SELF.matcher(named);
    if (!self.matches()) {
      return named;
    }
    if (pid == 0) {
      throw Fault.invalid("linux_namespace", named, "a namespace; the process is not visible here");
    }
    return "/proc/" + pid + self.group(1);
  }

  /** The client's own, however it names it; DENIED for another, INVALID for none. */
  public static void checkOwn(String named, int pid, ClientPod pod) {
    if (named.isEmpty() || named.equals(pod.netns()) || named.equals(Long.toString(pod.inode()))) {
      return;
    }
    try {
      if (inodeOf(ref(named, pid, List.of())) != pod.inode()) {
        throw Fault.DENIED.because(
            "linux_namespace: " + named + " (expected: that of pod " + pod.ref() + ", or none)");
      }
    } catch (IOException e) {
      throw Fault.INVALID.because("linux_namespace: " + e.getMessage(), e);
    }
  }

  /**
   * The inode of the namespace behind a reference, without opening what a program named.
   *
   * @throws IOException naming the reference, if there is no namespace
   */
  public static long inodeOf(String ref) throws IOException {
    Path path = Netns.path(ref);
    String expected = ref + " (expected: an existing network namespace)";
    try {
      Map<String, Object> file = Files.readAttributes(path, "unix:ino,dev");
      if (!file.get("dev").equals(NSFS)) {
        throw new IOException(expected);
      }
      return (Long) file.get("ino");
    } catch (FileSystemException e) {
      throw new IOException(expected, e);
    }
  }

  /** The inode behind a reference; 0 if there is no namespace. */
  public static long inodeIfThere(String ref) {
    try {
      return inodeOf(ref);
    } catch (IOException gone) {
      return 0;
    }
  }

  /** The inode of a process's network namespace; 0 if the process is gone. */
  public static long inodeOfProcess(int pid) {
    try {
      Path link = Files.readSymbolicLink(Path.of("/proc", Integer.toString(pid), "ns", "net"));
      Matcher matcher = LINK.matcher(link.toString());
      return matcher.matches() ? Long.parseLong(matcher.group(1)) : 0;
    } catch (IOException gone) {
      return 0;
    }
  }
}
