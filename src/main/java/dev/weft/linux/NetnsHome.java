package dev.weft.linux;

import static dev.weft.linux.LibC.C;
import static dev.weft.linux.LibC.JNR;
import static dev.weft.linux.LibC.check;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;

/**
 * The mount namespace in which names of network namespaces are made, so that they outlive this
 * process. A process that {@code ip netns exec}, {@code unshare -m} or systemd started has one of
 * its own, which ends with it and whose mounts no other has; but it hears of the mounts of the one
 * that it was made from, if that can be entered.
 *
 * @param process one that is in that mount namespace; empty for this process's own
 * @param fleeting why names made there end with this process; empty if they last
 */
record NetnsHome(Optional<String> process, Optional<String> fleeting) {
  /** The inode number of the host's PID namespace, PROC_PID_INIT_INO of linux/proc_ns.h. */
  private static final long HOST_PID_NAMESPACE = 0xEFFFFFFCL;

  private static final String INIT = "1";

  /** Finds it for names in a directory. */
  static NetnsHome of(Path directory) throws IOException {
    MountTable own = MountTable.of("self");
    Optional<MountTable.Entry> mount = own.at(directory);
    OptionalInt shared = mount.map(MountTable.Entry::shared).orElse(OptionalInt.empty());
    OptionalInt master = mount.map(MountTable.Entry::master).orElse(OptionalInt.empty());
    if (master.isPresent()) {
      return entered(directory, own, master.getAsInt());
    }
    if (isFirst() ? shared.isPresent() : lasts(directory, own, shared)) {
      return new NetnsHome(Optional.empty(), Optional.empty());
    }
    return new NetnsHome(
        Optional.empty(),
        Optional.of(
            isFirst()
                ? "this process is the first of its container, and " + directory + " is not shared"
                : "this process has a mount namespace of its own, which does not hear of mounts of"
                    + " the host's"));
  }

  /** The first process of a container: the container's mount namespace ends with it. */
  private static boolean isFirst() {
    return ProcessHandle.current().pid() == 1;
  }

  private static boolean lasts(Path directory, MountTable own, OptionalInt shared) {
    for (String process : elders()) {
      Optional<MountTable> other = read(process);
      if (process.equals(INIT) && other.filter(own::sameNamespace).isPresent()) {
        return true;
      }
      if (shared.isPresent()
          && other
              .filter(table -> !table.sameNamespace(own))
              .flatMap(table -> table.at(directory))
              .filter(entry -> entry.shared().equals(shared))
              .isPresent()) {
        return true;
      }
    }
    // In a container those that share it are not seen.
    return shared.isPresent() && !seesHost();
  }

  private static NetnsHome entered(Path directory, MountTable own, int master) {
    String why = "no process that has it is seen";
    for (String process : elders()) {
      if (read(process)
          .filter(table -> !table.sameNamespace(own))
          .flatMap(table -> table.at(directory))
          .filter(entry -> entry.shared().equals(OptionalInt.of(master)))
          .isPresent()) {
        NetnsHome home = new NetnsHome(Optional.of(process), Optional.empty());
        try {
          home.call("mounts", () -> null);
          return home;
        } catch (Exception e) {
          why = e.getMessage();
        }
      }
    }
    return new NetnsHome(
        Optional.empty(),
        Optional.of(
            "this process has a mount namespace of its own, and cannot enter the host's: " + why));
  }

  /** PID 1, and this process's parents, nearest first. */
  private static List<String> elders() {
    List<String> elders = new ArrayList<>(List.of(INIT));
    Optional<ProcessHandle> next = ProcessHandle.current().parent();
    while (next.isPresent()) {
      elders.add(Long.toString(next.get().pid()));
      next = next.get().parent();
    }
    return elders;
  }

  private static Optional<MountTable> read(String process) {
    try {
      return Optional.of(MountTable.of(process));
    } catch (IOException e) {
      // It has ended, or is another user's.
      return Optional.empty();
    }
  }

  private static boolean seesHost() {
    try {
      return Long.valueOf(HOST_PID_NAMESPACE)
          .equals(Files.getAttribute(Path.of("/proc/self/ns/pid"), "unix:ino"));
    } catch (IOException e) {
      return false;
    }
  }

  /** Runs a body there, on a thread of its own that ends with it. */
  <T> T call(String name, Callable<T> body) throws Exception {
    return NetnsThread.call(
        name,
        () -> {
          if (process.isPresent()) {
            enter(process.get());
          }
          return body.call();
        });
  }

  private static void enter(String process) throws LinuxException {
    String path = "/proc/" + process + "/ns/mnt";
    String what = "enter the mount namespace of process " + process;
    try (Descriptor there = new Descriptor(check(JNR.open(path, LibC.O_CLOEXEC, 0), what))) {
      // A thread that shares its working directory with others may not change it.
      check(C.unshare(LibC.CLONE_FS), what);
      check(C.setns(there.fd(), LibC.CLONE_NEWNS), what);
    }
  }
}
