// java Test NETWORK GOLDEN.csv: every value of the port within its tolerance, or status 1.
import java.nio.file.*;
import java.util.*;

class Test {
    public static void main(String[] arguments) throws Exception { // a row: name, kind, value, ..., tolerance
        List<String[]> rows = Files.lines(Path.of(arguments[1])).map(line -> line.split(",")).toList();
        List<List<Integer>> batches = new ArrayList<>();
        for (String[] row : rows) {
            if (row[0].startsWith("batch[1]")) batches.add(new ArrayList<>());
            if (row[1].equals("batch")) batches.get(batches.size() - 1).add(Integer.valueOf(row[2]));
        }
        var told = (arguments[0].equals("WORKED_EXAMPLE") ? Port.WORKED_EXAMPLE : Port.MINI_BATCHES).train(batches, 20);
        told.forEach((name, value) -> System.out.println(name + "," + value)); // for neuronnet compare
        for (String[] row : rows) if (told.containsKey(row[0]))
            if (!(Math.abs(told.get(row[0]) - Double.parseDouble(row[2])) <= Double.parseDouble(row[5]))) {
                System.err.println(row[0] + ": " + told.get(row[0]) + ", not " + row[2]);
                System.exit(1);
            }
    } }
