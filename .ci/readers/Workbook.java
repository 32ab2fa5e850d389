import java.io.File;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.xml.namespace.QName;
import org.apache.poi.openxml4j.opc.OPCPackage;
import org.apache.poi.openxml4j.opc.PackageAccess;
import org.apache.poi.ss.usermodel.Cell;
import org.apache.poi.ss.usermodel.CellType;
import org.apache.poi.ss.usermodel.Row;
import org.apache.poi.xssf.usermodel.XSSFChart;
import org.apache.poi.xssf.usermodel.XSSFDrawing;
import org.apache.poi.xssf.usermodel.XSSFSheet;
import org.apache.poi.xssf.usermodel.XSSFWorkbook;
import org.apache.xmlbeans.XmlCursor;
import org.apache.xmlbeans.XmlError;
import org.apache.xmlbeans.XmlObject;
import org.apache.xmlbeans.XmlOptions;

/** Reads a workbook with Apache POI, holds its parts against the Office Open XML schemas, and prints what it saw. */
public class Workbook {
    private static final List<String> errors = new ArrayList<>();
    private static int parts = 0;

    private static final String COMPATIBILITY = "http://schemas.openxmlformats.org/markup-compatibility/2006";

    /**
     * Drops the attributes that a part calls ignorable, as a reader does (ISO/IEC 29500-3): the schemas are those of what is
     * left.
     */
    private static XmlObject understood(XmlObject part) {
        Set<String> ignorable = new HashSet<>(List.of(COMPATIBILITY));
        try (XmlCursor at = part.newCursor()) {
            String prefixes = at.getAttributeText(new QName(COMPATIBILITY, "Ignorable"));
            for (String prefix : prefixes == null ? new String[0] : prefixes.trim().split("\\s+")) {
                ignorable.add(at.namespaceForPrefix(prefix));
            }
        }
        XmlObject out = part.copy();
        try (XmlCursor at = out.newCursor()) {
            at.toStartDoc();
            while (at.hasNextToken()) {
                if (at.isAttr() && ignorable.contains(at.getName().getNamespaceURI())) {
                    at.removeXml();
                } else {
                    at.toNextToken();
                }
            }
        }
        return out;
    }

    private static void validate(String part, XmlObject read) {
        XmlObject content = understood(read);
        Collection<XmlError> found = new ArrayList<>();
        content.validate(new XmlOptions().setErrorListener(found));
        parts++;
        for (XmlError e : found) {
            errors.add(part + ": " + e.getMessage());
        }
    }

    public static void main(String[] args) throws Exception {
        StringBuilder sheets = new StringBuilder();
        try (OPCPackage file = OPCPackage.open(new File(args[0]), PackageAccess.READ); XSSFWorkbook book = new XSSFWorkbook(file)) {
            validate("workbook", book.getCTWorkbook());
            validate("styles", book.getStylesSource().getCTStylesheet());
            for (int i = 0; i < book.getNumberOfSheets(); i++) {
                XSSFSheet sheet = book.getSheetAt(i);
                validate(sheet.getSheetName(), sheet.getCTWorksheet());
                XSSFDrawing drawing = sheet.getDrawingPatriarch();
                int charts = 0;
                if (drawing != null) {
                    validate(sheet.getSheetName() + ", drawing", drawing.getCTDrawing());
                    for (XSSFChart chart : drawing.getCharts()) {
                        validate(sheet.getSheetName() + ", chart " + ++charts, chart.getCTChartSpace());
                    }
                }
                long texts = 0, numbers = 0, formulas = 0;
                double sum = 0;
                for (Row row : sheet) {
                    for (Cell cell : row) {
                        if (cell.getCellType() == CellType.NUMERIC) {
                            numbers++;
                            sum += cell.getNumericCellValue();
                        } else if (cell.getCellType() == CellType.STRING && !cell.getStringCellValue().isEmpty()) {
                            texts++;
                        } else if (cell.getCellType() == CellType.FORMULA) {
                            formulas++;
                        }
                    }
                }
                sheets.append(i == 0 ? "" : ",").append(String.format("{\"name\": %s, \"texts\": %d, \"numbers\": %d, \"formulas\": %d, \"sum\": %s, \"charts\": %d}",
                        quoted(sheet.getSheetName()), texts, numbers, formulas, Double.toString(sum), charts));
            }
        }
        StringBuilder wrong = new StringBuilder();
        for (String e : errors) {
            wrong.append(wrong.length() == 0 ? "" : ",").append(quoted(e));
        }
        System.out.printf("{\"sheets\": [%s], \"parts\": %d, \"errors\": [%s]}%n", sheets, parts, wrong);
    }

    private static String quoted(String s) {
        return '"' + s.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
    }
}
