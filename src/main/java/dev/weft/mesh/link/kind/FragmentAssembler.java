package dev.weft.mesh.link.kind;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Puts frames together from their fragments, a bounded number at a time. */
final class FragmentAssembler {
  private static final int MAX_BEGUN = 32;

  /** Frames that are complete and whose fragments may still arrive again. */
  private static final int MAX_DONE = 128;

  /** What a fragment brought about. */
  record Added(Optional<byte[]> frame, Optional<FragmentAck> answer) {}

  private static final class Begun {
    final byte[][] parts;
    int arrived;

    Begun(int count) {
      parts = new byte[count][];
    }

    int all() {
      return (1 << parts.length) - 1;
    }

    byte[] whole() {
      byte[] last = parts[parts.length - 1];
      byte[] frame = new byte[(parts.length - 1) * Fragment.SIZE + last.length];
      for (int i = 0; i < parts.length; i++) {
        System.arraycopy(parts[i], 0, frame, i * Fragment.SIZE, parts[i].length);
      }
      return frame;
    }
  }

  private final Map<Integer, Begun> begun = bounded(MAX_BEGUN);

  /** By the frame's number, what acknowledges all of it. */
  private final Map<Integer, Integer> done = bounded(MAX_DONE);

  private static <V> Map<Integer, V> bounded(int max) {
    return new LinkedHashMap<>() {
      private static final long serialVersionUID = 1L;

      @Override
      protected boolean removeEldestEntry(Map.Entry<Integer, V> eldest) {
        return size() > max;
      }
    };
  }

  Added add(Fragment fragment) {
    int number = fragment.frame();
    Integer all = done.get(number);
    if (all != null) {
      return new Added(Optional.empty(), Optional.of(new FragmentAck(number, all)));
    }
    Begun frame = begun.get(number);
    if (frame == null || frame.parts.length != fragment.count()) {
      frame = new Begun(fragment.count());
      begun.put(number, frame);
    }
    boolean again = frame.parts[fragment.index()] != null;
    frame.parts[fragment.index()] = fragment.bytes();
    frame.arrived |= 1 << fragment.index();
    FragmentAck answer = new FragmentAck(number, frame.arrived);
    if (frame.arrived == frame.all()) {
      begun.remove(number);
      done.put(number, frame.all());
      return new Added(Optional.of(frame.whole()), Optional.of(answer));
    }
    boolean last = fragment.index() == fragment.count() - 1;
    return new Added(Optional.empty(), again || last ? Optional.of(answer) : Optional.empty());
  }
}
